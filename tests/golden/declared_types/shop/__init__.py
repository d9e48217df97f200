"""The application whose types the machine names: it stands beside the generated package."""

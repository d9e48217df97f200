"""The catalogue of diagnostic codes: what each one means, in one line.

A code never changes its meaning. ``docs/diagnostics.md`` has a section for each.
"""

from __future__ import annotations

NOT_TEXT = "PG001"
BAD_CHARACTER = "PG002"
TOO_LARGE = "PG003"
NO_SOURCES = "PG004"
YAML_SYNTAX = "PG005"
NO_MACHINE = "PG006"
NOT_A_MACHINE = "PG007"
DUPLICATE_KEY = "PG008"
KEY_NOT_TEXT = "PG009"
BAD_TAG = "PG010"
BAD_ALIAS = "PG011"
EXPANSION = "PG012"
TOO_DEEP = "PG013"
NUMBER_RANGE = "PG014"
BAD_MERGE = "PG015"

WRONG_TYPE = "PG020"
MISSING_KEY = "PG021"
MISSPELT_KEY = "PG022"
UNKNOWN_KEY = "PG023"
BAD_NAME = "PG024"
RESERVED_NAME = "PG025"
NOT_A_CHOICE = "PG026"
OUT_OF_RANGE = "PG027"
NOT_ONE_FORM = "PG028"
BOOLEAN_WORD = "PG029"
NO_OCCASION = "PG030"
CHECK_VALUE = "PG031"
BAD_DELAY = "PG032"
BAD_TYPE = "PG033"
BAD_DEFAULT = "PG034"
BAD_ENUMERATION = "PG035"
DUPLICATE_NAME = "PG036"
EMPTY = "PG037"
AUTO_AND_AFTER = "PG038"

UNKNOWN_STATE = "PG050"
NO_INITIAL = "PG051"
LEAVES_TERMINAL = "PG052"
INTERNAL_DESTINATION = "PG054"
BAD_CHOICE = "PG055"
CHOICE_CYCLE = "PG056"
CERTAIN_LOOP = "PG057"
LABEL_IS_TRIGGER = "PG058"
NAME_COLLISION = "PG059"
BAD_EXPRESSION = "PG060"
BAD_CHECK = "PG061"
UNREACHABLE = "PG062"
NEVER_ASKED = "PG063"
UNUSED_EVENT = "PG064"
TOO_MANY_BRANCHES = "PG065"
BAD_FALLBACK = "PG066"
BAD_NESTING = "PG067"
BAD_POINT = "PG068"
BAD_HISTORY = "PG069"
BAD_TIMER = "PG072"
BAD_REGION = "PG073"
BAD_JOIN = "PG074"
SIBLING_REGION = "PG075"
IDLE_JOIN = "PG076"

MODULE_COLLISION = "PG070"
PREFIX_COLLISION = "PG071"

UNKNOWN_VARIABLE = "PG080"
BAD_OPERANDS = "PG081"
ONE_ANSWER = "PG082"
BAD_WRITE = "PG083"
PARAMS_DISAGREE = "PG084"
TYPE_CHECK = "PG085"

NOT_SUPPORTED = "PG090"

NOT_PYTHON = "PG100"
OUT_OF_REACH = "PG101"
WHICH_CLASS = "PG102"

CODES: dict[str, str] = {
    NOT_TEXT: "The file is not UTF-8 text",
    BAD_CHARACTER: "The file holds a character that YAML does not allow",
    TOO_LARGE: "The file is too large",
    NO_SOURCES: "The folder holds no source files",
    YAML_SYNTAX: "The file is not well-formed YAML",
    NO_MACHINE: "The file holds no machine",
    NOT_A_MACHINE: "What stands where a machine belongs is not a mapping",
    DUPLICATE_KEY: "A key stands twice in one mapping",
    KEY_NOT_TEXT: "A key is not text",
    BAD_TAG: "A YAML tag is unknown, or does not fit its value",
    BAD_ALIAS: "An alias names no anchor, or the value it stands in",
    EXPANSION: "Aliases expand to too much",
    TOO_DEEP: "Values are nested too deeply",
    NUMBER_RANGE: "A number is too long or too large",
    BAD_MERGE: "What `<<` merges is not a mapping",
    WRONG_TYPE: "A value has the wrong type",
    MISSING_KEY: "A required key is missing",
    MISSPELT_KEY: "An unknown key resembles a known one",
    UNKNOWN_KEY: "An unknown key is ignored",
    BAD_NAME: "A name has characters that names do not have",
    RESERVED_NAME: "A name that starts with `_` belongs to the engine",
    NOT_A_CHOICE: "A value is none of those allowed",
    OUT_OF_RANGE: "A number is outside its bounds",
    NOT_ONE_FORM: "An entry must have exactly one form",
    BOOLEAN_WORD: "A word stands where true or false belongs",
    NO_OCCASION: "A transition has neither trigger, nor delay, nor `auto`",
    CHECK_VALUE: "A check lacks its value, or has one it cannot use",
    BAD_DELAY: "A delay cannot be read, or is no whole number of milliseconds",
    BAD_TYPE: "A type cannot be read",
    BAD_DEFAULT: "A default does not fit its type",
    BAD_ENUMERATION: "An enumeration's values cannot stand",
    DUPLICATE_NAME: "A name is declared twice",
    EMPTY: "A value is empty that must not be",
    AUTO_AND_AFTER: "A transition with a trigger is said to fire at once, and to wait",
    UNKNOWN_STATE: "A state is named that is not defined",
    NO_INITIAL: "There is not exactly one initial state",
    LEAVES_TERMINAL: "A transition leaves a terminal state",
    INTERNAL_DESTINATION: "An internal transition leads somewhere else",
    BAD_CHOICE: "A choice can't be what it is said to be",
    CHOICE_CYCLE: "Choices lead in a circle",
    CERTAIN_LOOP: "Automatic transitions never come to rest",
    LABEL_IS_TRIGGER: "The label of an automatic transition is also a trigger",
    NAME_COLLISION: "Two names are the same in Python",
    BAD_EXPRESSION: "An expression is outside the subset that is allowed",
    BAD_CHECK: "A check can't be compiled",
    UNREACHABLE: "No transition leads to a state",
    NEVER_ASKED: "A transition is hidden by an earlier one without guards",
    UNUSED_EVENT: "An event describes a trigger that no transition has",
    TOO_MANY_BRANCHES: "A choice has too many ways out",
    BAD_FALLBACK: "The fallback state can't be used",
    BAD_NESTING: "States are not nested as they can be",
    BAD_POINT: "There is no such entry or exit point",
    BAD_HISTORY: "A state without children has no history",
    BAD_TIMER: "A delayed transition can't start where it is said to",
    BAD_REGION: "A region can't be what it is said to be",
    BAD_JOIN: "A join does not start from the parallel state that it names",
    SIBLING_REGION: "A transition leads from one region into another",
    IDLE_JOIN: "A join waits for regions that can't finish",
    MODULE_COLLISION: "Two machines would be written to the same file",
    PREFIX_COLLISION: "Two machines have the same class prefix",
    UNKNOWN_VARIABLE: "A variable is read that nobody declares or writes",
    BAD_OPERANDS: "An operation does not fit the types of its operands",
    ONE_ANSWER: "A comparison has the same answer for all values",
    BAD_WRITE: "An effect does not fit the type of its variable",
    PARAMS_DISAGREE: "A param of a guard has values of several types",
    TYPE_CHECK: "mypy refuses what is generated",
    NOT_SUPPORTED: "A known feature is not supported yet",
    NOT_PYTHON: "The file of handlers can't be read as Python",
    OUT_OF_REACH: "Handlers stand where they can't be kept in step",
    WHICH_CLASS: "Several classes could be the one that holds the handlers",
}
"""Every code with its title."""

"""The two ways in which a command ends that are not success."""


class Refusal(Exception):
    """The tool will not do this, and says why and what would work: exit 1."""


class Usage(Exception):
    """The command line or model.toml is wrong: exit 2."""

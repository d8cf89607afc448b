def fuse(program) -> None:
    pass

"""What the pictures of all benchmarks have in common: SVG of words and bars."""

WIDTH = 860
OURS, PEER, INK, PALE = "#1f6f8b", "#c2c8cf", "#1c2126", "#6b737b"


def text(x: float, y: float, words: str, color=INK, anchor="start", size=12) -> str:
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" fill="{color}" font-size="{size}" '
        f'text-anchor="{anchor}">{words}</text>'
    )


def bar(x: float, y: float, width: float, height: float, color: str) -> str:
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{max(width, 1):.1f}" height="{height}" '
        f'fill="{color}"/>'
    )


def picture(height: float, parts: list[str]) -> str:
    """An SVG file of these parts, on white."""
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"

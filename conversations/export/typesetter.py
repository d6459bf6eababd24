"""A process of its own that reads Typst source and writes a PDF: `typesetter.py tagged folder…`.

Its memory ends with it, a crash of it harms nobody, and it gives way to those who answer chats.
"""

import os
import sys

import typst


def main() -> None:
    tagged, *folders = sys.argv[1:]
    os.nice(10)
    fonts = typst.Fonts(font_paths=list(folders))
    source = sys.stdin.buffer.read()
    pdf = typst.compile(source, font_paths=fonts, format="pdf", pdf_tags=tagged == "yes")
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()

"""Draws the pictures of pages anew, by running what the pages say.

    python docs/make_pictures.py [PAGE ...]

runs the Python blocks of each page from top to bottom, in a process and a folder of their own, and
copies those pictures to `docs/pictures` that the page shows. Without arguments: all tutorials and
how-tos that show pictures.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DOCS = Path(__file__).resolve().parent
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PICTURE = re.compile(r"\(\.\./pictures/(.*?\.png)\)")


def draw(page: Path) -> None:
    """Runs one page, says how long it took, and copies its pictures."""
    text = page.read_text()
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        # A file, since AutoGraph reads the source of functions.
        Path(folder, "page.py").write_text("\n".join(BLOCK.findall(text)))
        subprocess.run([sys.executable, "page.py"], cwd=folder, check=True)
        drawn = {path.name: path for path in Path(folder).glob("*.png")}
        for name in drawn.keys() & set(PICTURE.findall(text)):
            shutil.copy(drawn[name], DOCS / "pictures" / name)
    sys.stdout.write(f"{page}: {time.monotonic() - start:.0f} seconds\n")


if __name__ == "__main__":
    pages = [Path(name) for name in sys.argv[1:]]
    for page in pages or [*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md")]:
        if PICTURE.search(page.read_text()):
            draw(page)

"""Draws the pictures of pages anew, by running what the pages say.

    python docs/make_pictures.py [PAGE ...]

runs the Python blocks of each page from top to bottom, in a process and a folder of their own,
copies those pictures to `docs/pictures` that the page shows, and says how long it took. Without
arguments: all tutorials and how-tos that show pictures.
"""

import re
import resource
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
    """Runs one page and copies its pictures."""
    text = page.read_text()
    with tempfile.TemporaryDirectory() as folder:
        # A file, since AutoGraph reads the source of functions.
        Path(folder, "page.py").write_text("\n".join(BLOCK.findall(text)))
        subprocess.run([sys.executable, "page.py"], cwd=folder, check=True)
        drawn = {path.name: path for path in Path(folder).glob("*.png")}
        for name in drawn.keys() & set(PICTURE.findall(text)):
            shutil.copy(drawn[name], DOCS / "pictures" / name)


def cpu_seconds() -> float:
    """Of all processes that have run so far; on a busy machine it tells more than the clock."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(pages: list[Path]) -> None:
    """Draws them all."""
    for page in pages or [*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md")]:
        if PICTURE.search(page.read_text()):
            start, cpu = time.monotonic(), cpu_seconds()
            draw(page)
            clock = time.monotonic() - start
            sys.stdout.write(f"{page}: {clock:.0f} s, {cpu_seconds() - cpu:.0f} s of CPU\n")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])

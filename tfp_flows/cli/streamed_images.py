"""Images that are read anew in each epoch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfp_flows import data
from tfp_flows.cli.errors import UsageError
from tfp_flows.cli.image_source import ImageSource, read_images, usual_split
from tfp_flows.cli.sources import Part, where
from tfp_flows.data.elements import Elements
from tfp_flows.data.folders import open_folder


class StreamedImages(ImageSource):
    """Images of named splits, which do not have to fit into memory.

    Args:
      options: of `data_options`, by name.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        test = options["test"]
        if test == "auto":
            test = "test" if usual_split(options["data"]) == "test" else "none"
        self._folders: dict[str, Elements] = {}
        self._splits: dict[str, str | None] = {"train": options["split"]}
        for part, text in (("validation", options["validation"]), ("test", test)):
            its = where(part, text)
            if its.fraction:
                raise UsageError(
                    f"--{part} must be a split, such as 'train[90%:]', or 'none', unless images "
                    f"are in memory; got {text} and --cache {options['cache']}"
                )
            self._splits[part] = its.place
        super().__init__(options)

    def has(self, part: Part) -> bool:
        """Whether there is such a part."""
        return self._splits[part] is not None

    def _part(self, part: Part, arguments: dict[str, Any]) -> data.Batches:
        cache = False if self.options["cache"] == "none" else self.options["cache"]
        split = self._splits[part] or ""
        return read_images(
            self.options, split, {"cache": cache, **arguments}, opened=self._opened(split)
        )

    def _opened(self, split: str) -> Elements | None:
        """A split of a folder, all of whose files are read once to check them: only once."""
        if not Path(self.options["data"]).is_dir():
            return None
        if split not in self._folders:
            folder, channels = Path(self.options["data"]), self.options["channels"]
            self._folders[split] = open_folder(folder, split, channels)
        return self._folders[split]

"""Archives whose bytes are those that were written."""

import os
import zipfile


def damage(path: str | os.PathLike[str]) -> str | None:
    """What is wrong with a zip archive, such as a `.keras` file; `None` if nothing is.

    Example:
      >>> from tfp_flows.ops.archives import damage
      >>> damage("/dev/null")
      'File is not a zip file'
    """
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except Exception as error:  # Damaged archives can raise anything.
        return str(error) or type(error).__name__
    return None if bad is None else f"the checksum of {bad} is wrong"

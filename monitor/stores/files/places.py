"""Where do files lie, and which of them may hold what was received in a window?

A folder whose name says that it is of another time is not even listed.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from monitor.errors import StoreError, UsageError
from monitor.stores.base import Window
from monitor.stores.files.find import DATA
from monitor.stores.files.partitions import stretch


@dataclass(frozen=True, slots=True)
class File:
    """A file, and the folders between the root and it."""

    path: str  # as the engine opens it
    folders: tuple[str, ...]
    name: str

    def __str__(self) -> str:
        """Return the path below the root, which is the same wherever the file was opened."""
        return "/".join((*self.folders, self.name))


class Place(Protocol):
    """A folder tree."""

    root: str
    above: tuple[str, ...]  # the folders that lead to the root: they may say a source or a time too
    filesystem: Any  # to register with the engine; None: it can read the place itself

    def listed(self, folders: Sequence[str]) -> Iterable[tuple[str, bool]]:
        """Return name and whether it is a folder, of all that lies in a folder below the root."""
        ...

    def path(self, folders: Sequence[str], name: str) -> str:
        """Return what the engine opens."""
        ...

    def local(self, file: File, into: Path) -> Path:
        """Return a file that can be opened as one of this machine; a copy is made in `into` where there is none."""
        ...


def files(place: Place, window: Window | None = None) -> Iterator[File]:
    """Yield the files of a place that may hold what was received in a window; all of them without one."""
    yield from _below(place, (), window)


def partitioned(place: Place) -> bool:
    """Return whether folders say of which time they are, as the first file's do."""
    first = next(files(place), None)
    return first is not None and stretch((*place.above, *first.folders)) is not None


def _below(place: Place, folders: tuple[str, ...], window: Window | None) -> Iterator[File]:
    for name, is_folder in sorted(place.listed(folders)):
        if name.startswith((".", "_")):
            continue
        if not is_folder:
            if DATA.search(name):
                yield File(place.path(folders, name), folders, name)
        elif window is None or _may_hold((*place.above, *folders, name), window):
            yield from _below(place, (*folders, name), window)


def _may_hold(folders: Sequence[str], window: Window) -> bool:
    of = stretch(folders)
    return of is None or of.may_hold(*window)


class LocalPlace:
    """A folder of this machine."""

    filesystem = None

    def __init__(self, root: Path) -> None:
        """Remember the folder."""
        self.root = str(root)
        self.above = root.resolve().parts

    def listed(self, folders: Sequence[str]) -> Iterable[tuple[str, bool]]:
        """Return what lies in a folder."""
        with os.scandir(Path(self.root, *folders)) as entries:
            return [(entry.name, entry.is_dir()) for entry in entries]

    def path(self, folders: Sequence[str], name: str) -> str:
        """Return the path of a file."""
        return str(Path(self.root, *folders, name))

    def local(self, file: File, into: Path) -> Path:
        """Return the file itself."""
        return Path(file.path)


class ObjectStore:
    """A prefix of an S3-compatible object store. Credentials, region and endpoint come from the environment."""

    def __init__(self, url: str) -> None:
        """Open the prefix; nothing is listed yet.

        Raises:
            StoreError: s3fs is not installed
        """
        try:
            module = importlib.import_module("s3fs")
            refused = importlib.import_module("botocore.exceptions").BotoCoreError
        except ModuleNotFoundError:
            raise StoreError("reading s3:// needs s3fs: pip install 'trackwatch[s3]'") from None
        self.root = url.removeprefix("s3://").strip("/")
        self.above = tuple(self.root.split("/"))
        self._wrong = (OSError, RuntimeError, ValueError, refused)
        # no reading ahead: the engine asks for exactly the bytes of the columns that it needs
        self.filesystem = module.S3FileSystem(default_cache_type="none", skip_instance_cache=True)

    def listed(self, folders: Sequence[str]) -> Iterable[tuple[str, bool]]:
        """Return what lies below a prefix, in one request for a thousand names.

        Raises:
            StoreError: the object store does not answer, or refuses
        """
        try:
            found = self.filesystem.ls("/".join((self.root, *folders)), detail=True, refresh=True)
        except FileNotFoundError:
            return []
        except self._wrong as error:
            raise StoreError(f"s3://{self.root}: {error}") from None
        return [(each["name"].rstrip("/").rsplit("/", 1)[-1], each["type"] == "directory") for each in found]

    def path(self, folders: Sequence[str], name: str) -> str:
        """Return the URL of an object."""
        return "s3://" + "/".join((self.root, *folders, name))

    def local(self, file: File, into: Path) -> Path:
        """Fetch an object, under the folders that it lies in.

        Raises:
            StoreError: the object store does not answer, or refuses
        """
        copy = into.joinpath(*file.folders, file.name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.filesystem.get_file(file.path.removeprefix("s3://"), str(copy))
        except self._wrong as error:
            raise StoreError(f"{file.path}: {error}") from None
        return copy


def place_of(url: str) -> Place | None:
    """Return the folder tree that a URL means; None where it means single files or a pattern.

    Raises:
        StoreError: no such kind of URL, or what it needs is not installed
        UsageError: the folder holds no files
    """
    if url.startswith("s3://"):
        found: Place = ObjectStore(url)
        if next(files(found), None) is None:
            raise UsageError(f"{url}: there are no files under this prefix")
        return found
    if not url.startswith("files://") or url == "files://":
        raise StoreError("the URL of files begins with files:/// or s3://, such as files:///data/*.csv.gz")
    folder = Path(url.removeprefix("files://")).expanduser()
    return LocalPlace(folder) if folder.is_dir() else None

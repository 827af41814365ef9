"""What M2M answers about downloads: products, the files inside them, the queue and its quotas [REFERENCE §8, §10]."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BeforeValidator, Field

from stac_bridge.m2m.models.values import Model, as_count, as_list, as_map, as_plain, as_text

__all__ = [
    "Download",
    "DownloadAnswer",
    "DownloadInput",
    "FailedDownload",
    "FileGroups",
    "Limit",
    "Product",
    "Retrieved",
    "RetrievedDownload",
]


class Product(Model):
    """A download option of a scene; ``secondary`` are the files of a folder, and of bundles alike."""

    product_id: str = Field(alias="id")
    entity_id: str
    display_id: str
    dataset_id: str | None = None
    available: bool = False
    filesize: Annotated[int, BeforeValidator(lambda value: value or 0)] = 0
    name: str = Field("", alias="productName")
    code: str = Field("", alias="productCode")
    system: str = Field("", alias="downloadSystem")
    download_name: str | None = None
    secondary: Annotated[tuple[Product, ...], BeforeValidator(as_list)] = Field((), alias="secondaryDownloads")

    @property
    def is_folder(self) -> bool:
        """Whether this only holds other files. That it has ``secondary`` says nothing [REFERENCE §8]."""
        return self.system == "folder"


@dataclass(frozen=True, slots=True)
class DownloadInput:
    """What download-request is asked for: a product of a scene, or of a file (its secondary entity id)."""

    entity_id: str
    product_id: str
    code: str = field(default="", compare=False)
    """The product's code where it is known: it is not sent, but rows of the queue name it."""


class Download(Model):
    """A download that was granted. ``eula`` is the code of the licence that its use is bound to."""

    download_id: int
    url: str
    entity_id: str | None = None
    product_code: str | None = None
    eula: Annotated[str | None, BeforeValidator(as_text)] = Field(None, alias="eulaCode")


class FailedDownload(Model):
    """A download that was not granted, and M2M's reason, without markup and addresses."""

    entity_id: str | None = None
    product_id: str | None = None
    message: Annotated[str | None, BeforeValidator(as_plain)] = Field(None, alias="errorMessage")


class Limit(Model):
    """What is left of the three download quotas to the account (``user``) or its address (``ip``).

    M2M calls them counts, but they fall from the quota to 0 [REFERENCE §10]. None where it does not tell.
    """

    kind: Annotated[str | None, BeforeValidator(as_text)] = Field(None, alias="limitType")
    recent: Annotated[int | None, BeforeValidator(as_count)] = Field(None, alias="recentDownloadCount")
    pending: Annotated[int | None, BeforeValidator(as_count)] = Field(None, alias="pendingDownloadCount")
    unattempted: Annotated[int | None, BeforeValidator(as_count)] = Field(None, alias="unattemptedDownloadCount")


class DownloadAnswer(Model):
    """What download-request said. ``duplicates``: older download ids → the label they are queued under."""

    available: Annotated[tuple[Download, ...], BeforeValidator(as_list)] = Field((), alias="availableDownloads")
    preparing: Annotated[tuple[Download, ...], BeforeValidator(as_list)] = Field((), alias="preparingDownloads")
    failed: Annotated[tuple[FailedDownload, ...], BeforeValidator(as_list)] = ()
    new_records: Annotated[dict[str, str], BeforeValidator(as_map)] = Field(default_factory=dict)
    duplicates: Annotated[dict[str, str], BeforeValidator(as_map)] = Field({}, alias="duplicateProducts")
    invalid: Annotated[int, BeforeValidator(lambda value: as_count(value) or 0)] = Field(0, alias="numInvalidScenes")
    limits: Annotated[tuple[Limit, ...], BeforeValidator(as_list)] = Field((), alias="remainingLimits")


class RetrievedDownload(Model):
    """A download in the queue."""

    download_id: int
    url: str | None = None
    entity_id: str | None = None
    display_id: str | None = None
    product_code: str | None = None
    label: str | None = None
    filesize: int | None = None
    status_code: str | None = None
    status_text: str | None = None
    eula: Annotated[str | None, BeforeValidator(as_text)] = Field(None, alias="eulaCode")


class Retrieved(Model):
    """The queue under a label. A download may stand in both lists, in one, or (at first) in none."""

    available: Annotated[tuple[RetrievedDownload, ...], BeforeValidator(as_list)] = ()
    requested: Annotated[tuple[RetrievedDownload, ...], BeforeValidator(as_list)] = ()
    queue_size: int = 0


class GroupedFile(Model):
    """A kind of file inside a folder: the ending of its name, and product id → the system it comes from."""

    name: str
    product_ids: Annotated[dict[str, str], BeforeValidator(as_map)] = Field(default_factory=dict)


class FileGroup(Model):
    """Files that are asked for together."""

    files: Annotated[tuple[GroupedFile, ...], BeforeValidator(as_list)] = ()


_Groups = Annotated[dict[str, FileGroup], BeforeValidator(as_map)]


class FileGroups(Model):
    """What dataset-file-groups said: dataset of the files → group → files."""

    secondary: Annotated[dict[str, _Groups], BeforeValidator(as_map)] = Field(default_factory=dict)

    def product_ids(self, name: str, system: str) -> set[str]:
        """The products by which files of this name (their ending) come from a download system."""
        groups = (group for groups in self.secondary.values() for group in groups.values())
        files = (file for group in groups for file in group.files if file.name.casefold() == name.casefold())
        return {ident for file in files for ident, comes_from in file.product_ids.items() if comes_from == system}

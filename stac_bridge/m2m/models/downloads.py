"""Downloads: products, the files inside them, the queue and its quotas [REFERENCE §8, §10]."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BeforeValidator, Field

from stac_bridge.m2m.models.values import M2MModel, Text, as_count, as_list, as_map, as_plain_text

_Count = Annotated[int | None, BeforeValidator(as_count)]


class Product(M2MModel):
    """A download option of a scene; ``secondary`` are the files of a folder, and likewise of a bundle."""

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
        """Whether it only holds other files. A bundle has ``secondary`` too, so that proves nothing [REFERENCE §8]."""
        return self.system == "folder"


@dataclass(frozen=True, slots=True)
class DownloadInput:
    """One entry of download-request: a product of a scene, or of a file (its secondary entity id)."""

    entity_id: str
    product_id: str
    code: str = field(default="", compare=False)
    """The product's code, if known: not sent, but the rows of the queue name the product by it."""


class Download(M2MModel):
    """A granted download. ``eula`` is the code of the license that its use is bound to."""

    download_id: int
    url: str
    entity_id: str | None = None
    product_code: str | None = None
    eula: Text = Field(None, alias="eulaCode")


class FailedDownload(M2MModel):
    """A rejected download, and M2M's reason without markup and URLs."""

    entity_id: str | None = None
    product_id: str | None = None
    message: Annotated[str | None, BeforeValidator(as_plain_text)] = Field(None, alias="errorMessage")


class Limit(M2MModel):
    """What is left of the three download quotas of the account (``user``) or its address (``ip``).

    M2M calls them counts, but they fall from the quota to 0 [REFERENCE §10]. None if M2M does not say.
    """

    kind: Text = Field(None, alias="limitType")
    recent: _Count = Field(None, alias="recentDownloadCount")
    pending: _Count = Field(None, alias="pendingDownloadCount")
    unattempted: _Count = Field(None, alias="unattemptedDownloadCount")


class DownloadAnswer(M2MModel):
    """The response to download-request. ``duplicates``: older download ids → the label they are queued under."""

    available: Annotated[tuple[Download, ...], BeforeValidator(as_list)] = Field((), alias="availableDownloads")
    preparing: Annotated[tuple[Download, ...], BeforeValidator(as_list)] = Field((), alias="preparingDownloads")
    failed: Annotated[tuple[FailedDownload, ...], BeforeValidator(as_list)] = ()
    new_records: Annotated[dict[str, str], BeforeValidator(as_map)] = Field(default_factory=dict)
    duplicates: Annotated[dict[str, str], BeforeValidator(as_map)] = Field({}, alias="duplicateProducts")
    invalid: Annotated[int, BeforeValidator(lambda value: as_count(value) or 0)] = Field(0, alias="numInvalidScenes")
    limits: Annotated[tuple[Limit, ...], BeforeValidator(as_list)] = Field((), alias="remainingLimits")


class RetrievedDownload(M2MModel):
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
    eula: Text = Field(None, alias="eulaCode")


class Retrieved(M2MModel):
    """The queue under a label. A download may be in both lists, in one, or (at first) in neither."""

    available: Annotated[tuple[RetrievedDownload, ...], BeforeValidator(as_list)] = ()
    requested: Annotated[tuple[RetrievedDownload, ...], BeforeValidator(as_list)] = ()
    queue_size: int = 0


class GroupedFile(M2MModel):
    """A kind of file inside a folder: the suffix of its name, and product id → the download system that has it."""

    name: str
    product_ids: Annotated[dict[str, str], BeforeValidator(as_map)] = Field(default_factory=dict)


class FileGroup(M2MModel):
    """Files that are requested together."""

    files: Annotated[tuple[GroupedFile, ...], BeforeValidator(as_list)] = ()


_Groups = Annotated[dict[str, FileGroup], BeforeValidator(as_map)]


class FileGroups(M2MModel):
    """The response to dataset-file-groups: dataset of the files → group → files."""

    secondary: Annotated[dict[str, _Groups], BeforeValidator(as_map)] = Field(default_factory=dict)

    def product_ids(self, name: str, system: str) -> set[str]:
        """Return the products by which files with this name (their suffix) come from a download system."""
        groups = (group for groups in self.secondary.values() for group in groups.values())
        files = (file for group in groups for file in group.files if file.name.casefold() == name.casefold())
        return {
            product_id
            for file in files
            for product_id, file_system in file.product_ids.items()
            if file_system == system
        }

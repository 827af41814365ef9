"""Downloads: products, the files inside them, the queue and its quotas [REFERENCE §8, §10]."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from stac_bridge.m2m.models.values import (
    Count,
    CountOrZero,
    Flag,
    Label,
    M2MModel,
    Text,
    Word,
    as_list,
    as_map,
    as_plain_text,
)

_ENDED = frozenset({"failed", "cleared"})
"""Status texts of downloads that will not become ready; the reference names them for download-search."""


class Product(M2MModel):
    """A download option of a scene; ``secondary`` are the files of a folder, and likewise of a bundle."""

    product_id: Word = Field(alias="id")
    entity_id: Word
    display_id: Word
    dataset_id: Text = None
    available: Flag = False
    filesize: CountOrZero = 0
    name: Label = Field("", alias="productName")
    code: Label = Field("", alias="productCode")
    system: Word = Field("", alias="downloadSystem")
    download_name: Text = None
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
    """A granted download. ``eula`` is the code of the license that its use is bound to.

    ``url`` is as M2M wrote it: without it, the file would count as being prepared. The hosts are checked when it is
    read, and one that is not on the list is upstream trouble.
    """

    download_id: int
    url: Text = None
    entity_id: Text = None
    product_code: Text = None
    eula: Text = Field(None, alias="eulaCode")


class FailedDownload(M2MModel):
    """A rejected download, and M2M's reason without markup and URLs."""

    entity_id: Text = None
    product_id: Text = None
    message: Annotated[str | None, BeforeValidator(as_plain_text)] = Field(None, alias="errorMessage")


class Limit(M2MModel):
    """What is left of the three download quotas of the account (``user``) or its address (``ip``).

    M2M calls them counts, but they fall from the quota to 0 [REFERENCE §10]. None if M2M does not say.
    """

    kind: Text = Field(None, alias="limitType")
    recent: Count = Field(None, alias="recentDownloadCount")
    pending: Count = Field(None, alias="pendingDownloadCount")
    unattempted: Count = Field(None, alias="unattemptedDownloadCount")


def _as_failures(value: Any) -> Any:
    """Return the rejected downloads as objects; a row that is only a text is the reason."""
    rows = as_list(value)
    return tuple({"errorMessage": row} if isinstance(row, str) else row for row in rows) if rows else ()


_Labels = Annotated[dict[int, Text], BeforeValidator(as_map)]


class DownloadAnswer(M2MModel):
    """The response to download-request: download ids → their labels.

    ``duplicates`` were requested earlier, and stay in the queue under the label they got then.
    """

    available: Annotated[tuple[Download, ...], BeforeValidator(as_list)] = Field((), alias="availableDownloads")
    preparing: Annotated[tuple[Download, ...], BeforeValidator(as_list)] = Field((), alias="preparingDownloads")
    failed: Annotated[tuple[FailedDownload, ...], BeforeValidator(_as_failures)] = ()
    new_records: _Labels = Field(default_factory=dict)
    duplicates: _Labels = Field({}, alias="duplicateProducts")
    invalid: CountOrZero = Field(0, alias="numInvalidScenes")
    limits: Annotated[tuple[Limit, ...], BeforeValidator(as_list)] = Field((), alias="remainingLimits")


class RetrievedDownload(M2MModel):
    """A download in the queue. download-search has no URLs."""

    download_id: int
    url: Text = None
    entity_id: Text = None
    display_id: Text = None
    product_code: Text = None
    label: Text = None
    filesize: Count = None
    status_code: Text = None
    status_text: Text = None
    error_code: Text = None
    eula: Text = Field(None, alias="eulaCode")

    @property
    def is_proxied(self) -> bool | None:
        """Whether another host delivers the file, which M2M cannot observe; None without a status."""
        code, text = (self.status_code or "").strip().upper(), (self.status_text or "").strip().casefold()
        return "proxied" in text if text else code == "P" if code else None

    @property
    def has_failed(self) -> bool:
        """Whether the file will not become ready."""
        return bool(self.error_code) or (self.status_text or "").strip().casefold() in _ENDED


class Retrieved(M2MModel):
    """The queue under a label. A download may be in both lists, in one, or (at first) in neither."""

    available: Annotated[tuple[RetrievedDownload, ...], BeforeValidator(as_list)] = ()
    requested: Annotated[tuple[RetrievedDownload, ...], BeforeValidator(as_list)] = ()
    queue_size: Count = None

    @property
    def rows(self) -> tuple[RetrievedDownload, ...]:
        """The rows of both lists."""
        return (*self.available, *self.requested)


@dataclass(frozen=True, slots=True)
class FetchedDownload:
    """A proxied download that was read, and the size of its file in bytes."""

    download_id: int
    size: int


class CompletedDownloads(M2MModel):
    """The response to download-complete-proxied: how many downloads are complete now."""

    updated: CountOrZero = Field(0, alias="updatedDownloadsCount")


class DownloadLabel(M2MModel):
    """A label of the account, and how many of its downloads are incomplete."""

    label: Word = ""
    incomplete: CountOrZero = Field(0, alias="downloadCount")


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

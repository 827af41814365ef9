"""Names that people read: of datasets, of their scenes, and the words by which they are searched."""

from stac_bridge.translate.names.dataset import dataset_title
from stac_bridge.translate.names.keywords import dataset_keywords
from stac_bridge.translate.names.scene import title_maker

__all__ = ["dataset_keywords", "dataset_title", "title_maker"]

"""What is known for a while: in this process, or shared by all workers of an account by way of Redis."""

from stac_bridge.store.cache import Store
from stac_bridge.store.cache_entry import Health, Kept, Shelf, Terms
from stac_bridge.store.memory import Memory
from stac_bridge.store.opening import Sharing, is_shared, open_store, reach

__all__ = ["Health", "Kept", "Memory", "Sharing", "Shelf", "Store", "Terms", "is_shared", "open_store", "reach"]

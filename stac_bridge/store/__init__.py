"""What is known for a while: in this process, or shared by all workers of an account by way of Redis."""

from stac_bridge.store.kept import Health, Kept, Shelf, Terms
from stac_bridge.store.memory import Memory
from stac_bridge.store.opening import Sharing, is_shared, open_store, reach
from stac_bridge.store.store import Store

__all__ = ["Health", "Kept", "Memory", "Sharing", "Shelf", "Store", "Terms", "is_shared", "open_store", "reach"]

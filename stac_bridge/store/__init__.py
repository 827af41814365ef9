"""A cache and the M2M account: of one process, or shared by all workers of the account through Redis."""

from stac_bridge.store.cache import Store
from stac_bridge.store.cache_entry import CacheBackend, CacheEntry, CachePolicy, Health
from stac_bridge.store.memory import MemoryCache
from stac_bridge.store.opening import SharedState, check_redis, is_shared, open_store

__all__ = [
    "CacheBackend",
    "CacheEntry",
    "CachePolicy",
    "Health",
    "MemoryCache",
    "SharedState",
    "Store",
    "check_redis",
    "is_shared",
    "open_store",
]

"""The queue and the memory: Celery, SQL, blobs and events. Knows engines, never HTTP."""

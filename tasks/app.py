"""The Celery application: JSON messages that carry references, acknowledged after the work, no result backend."""

from celery import Celery
from kombu import Queue

from tasks import queues, transport
from tasks.broker import PREFIX, celery_url
from tasks.settings import TaskSettings


def unacked_keys(worker: str) -> tuple[str, str]:
    """Where a worker's unacknowledged messages are, so that its successor takes them over at once."""
    return f"unacked:{worker}", f"unacked_index:{worker}"


def make_app(settings: TaskSettings, worker: str = "publisher") -> Celery:
    """The application of a worker, or of a process that only publishes.

    Args:
        worker: stable name of the worker, the same after a restart.
    """
    transport.register()
    unacked, index = unacked_keys(worker)
    app = Celery("darkroom", broker=celery_url(settings.redis), set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_queues=[Queue(name, routing_key=name) for name in queues.ALL_QUEUES],
        task_create_missing_queues=False,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.05, "interval_max": 0.2},
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "global_keyprefix": PREFIX,
            "unacked_key": unacked,
            "unacked_index_key": index,
            "unacked_mutex_key": f"unacked_mutex:{worker}",
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "visibility_timeout": settings.visibility_timeout_s,
            "queue_order_strategy": "priority",
            "socket_connect_timeout": 3,
        },
    )
    return app

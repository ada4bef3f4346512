"""What the queue and the memory refuse, each with a stable `code`.

TaskError
  + QueueFull           queue_full            too much waits; `retry_after` says when to come back
  + QueueTimeout        queue_timeout         waited too long before any worker took it
  + RunTimeout          run_timeout           a worker took it and did not finish in time
  + WorkerDied          worker_died           every attempt took its worker down
  + NoWorker            no_worker             nobody serves the queue
  + BrokerDown          broker_down           Redis does not answer
  + StoreDown           store_down            the database does not answer, or cannot write
      + BlobsDown         store_down            the place for uploads does not answer
  + NameTaken           worker_name_taken     two workers by one name
  + PortTaken           port_taken            METRICS_PORT cannot be listened on
  + JobUnknown          job_not_found
  + WrongState          wrong_state           the job's state does not allow this
  + PathNotAllowed      path_not_allowed      outside LIBRARY_ROOTS, or through a link out of it
  + PathMissing         path_not_found
  + BlobMissing         blob_missing          an upload that is no longer there
  + SpoolFull           spool_full            no room for the upload
  + ArtifactUnknown     artifact_not_found    a job has nothing of this name
  + ArtifactTooLarge    artifact_too_large    it would take too long to be waited for
  + PhotoUnknown        photo_not_found       no photo has this content
  + PhotoGone           photo_gone            its bytes are no longer there
  + PhotoChanged        photo_changed         its file has another content now
  + HistoryUnknown      history_not_found     the photo has no such earlier finding
"""


class TaskError(Exception):
    """The root: `code` is stable, `str(error)` is for people, `hint` names the next step where there is one."""

    code = "task_error"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class QueueFull(TaskError):
    """Too much waits already.

    Attributes:
        retry_after: whole seconds after which trying again makes sense.
    """

    code = "queue_full"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, f"Try again in {retry_after} s.")
        self.retry_after = retry_after


class QueueTimeout(TaskError):
    """No worker took the request before its time in the queue was over."""

    code = "queue_timeout"


class RunTimeout(TaskError):
    """A worker took the request and did not answer in time."""

    code = "run_timeout"


class WorkerDied(TaskError):
    """Each attempt ended with the death of the worker that made it."""

    code = "worker_died"


class NoWorker(TaskError):
    """No worker serves the queue."""

    code = "no_worker"


class BrokerDown(TaskError):
    """Redis does not answer."""

    code = "broker_down"
    SAYS = ("The queue does not answer.", "Look at /readyz; try again in a few seconds.")


class StoreDown(TaskError):
    """The database does not answer, or cannot write."""

    code = "store_down"
    SAYS = ("The database does not answer or has no room.", "Look at /readyz and at the log of the API.")


class BlobsDown(StoreDown):
    """The place where uploads wait does not answer; what needs them is tried again later."""

    SAYS = ("The place for uploads does not answer.", "Look at BLOB_URL and at the log of the API.")


class NameTaken(TaskError):
    """A worker of this name is there already, and each would take the other for its predecessor."""

    code = "worker_name_taken"


class PortTaken(TaskError):
    """A worker cannot listen where it is to be asked for its metrics."""

    code = "port_taken"


class JobUnknown(TaskError):
    """No job has this id, or it has expired."""

    code = "job_not_found"


class WrongState(TaskError):
    """The job's state does not allow the call."""

    code = "wrong_state"


class PathNotAllowed(TaskError):
    """A path outside `LIBRARY_ROOTS`, or one that leads out of it through a link."""

    code = "path_not_allowed"


class PathMissing(TaskError):
    """An allowed path with nothing at it."""

    code = "path_not_found"


class BlobMissing(TaskError):
    """An upload that is no longer there."""

    code = "blob_missing"


class SpoolFull(TaskError):
    """No room is left where uploads wait."""

    code = "spool_full"


class ArtifactUnknown(TaskError):
    """A job has nothing of this name."""

    code = "artifact_not_found"


class ArtifactTooLarge(TaskError):
    """It would take too long to be waited for."""

    code = "artifact_too_large"


class PhotoUnknown(TaskError):
    """Nothing is known of a photo with these bytes."""

    code = "photo_not_found"


class PhotoGone(TaskError):
    """A photo is known, but its bytes cannot be had any more."""

    code = "photo_gone"


class PhotoChanged(TaskError):
    """A photo's file is there, and other bytes are in it."""

    code = "photo_changed"


class HistoryUnknown(TaskError):
    """A photo has no such earlier finding."""

    code = "history_not_found"

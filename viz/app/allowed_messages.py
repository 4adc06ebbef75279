"""Doors of Streamlit's own server that anybody could use and nobody here needs: they are closed.

Streamlit trusts whoever has the page. A message can empty everybody's cache and end the queue in it, ask for the names
of the repository and of files that are not committed, write files beside the app, or have a hundred thousand addresses
made. No setting refuses them, so what a browser of this app never says is not listened to.
"""

import functools

from streamlit import net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

FILES = 4  # that a visit keeps; the one uploader takes one at a time
_HEARD = frozenset({"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"})
_OPERATIONS = frozenset({None, "deferred_file"})  # the latter makes a file of numbers when somebody takes it


@functools.cache
def close() -> None:
    """Listen only to what this app's own pages say, keep few files, and ask nobody for this computer's address.

    It holds from the first page that anybody opens on, for every visit of this process.
    """
    handle, keep = AppSession.handle_backmsg, MemoryUploadedFileManager.add_file

    def handle_some(self: AppSession, msg: BackMsg) -> None:
        if _is_heard(msg):
            handle(self, msg)

    def keep_few(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        keep(self, session_id, file)
        for old in [*self.file_storage.get(session_id, ())][:-FILES]:
            self.remove_file(session_id, old)

    AppSession.handle_backmsg = handle_some  # type: ignore[method-assign]
    MemoryUploadedFileManager.add_file = keep_few  # type: ignore[method-assign]
    # Where a stranger's page knocks, Streamlit asks a host on the internet who we are; all others wait meanwhile.
    net_util.get_external_ip = lambda: None


def _is_heard(message: BackMsg) -> bool:
    if message.backend_operation_request.WhichOneof("payload") not in _OPERATIONS:
        return False
    return message.WhichOneof("type") in _HEARD and len(message.file_urls_request.file_names) <= FILES

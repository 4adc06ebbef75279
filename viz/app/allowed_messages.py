"""An allow-list for the messages that a browser may send to Streamlit's server.

Streamlit trusts everyone who can open the page. A message can clear the cache of all people, list the names of the Git
repository and of files that are not committed, write files beside the app, or create a hundred thousand addresses. No
setting turns these messages off, so the server ignores every message that this app's pages never send.
"""

import functools

from streamlit import net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

MAX_FILES = 4  # for each session; the one uploader takes one at a time
_ALLOWED = frozenset({"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"})
_OPERATIONS = frozenset({None, "deferred_file"})  # a deferred file is a CSV that is made when it is downloaded


@functools.cache
def enforce() -> None:
    """Ignore all other messages, keep few files, and never look up this computer's public address.

    This takes effect when the first page is opened, for every session of this process.
    """
    handle, keep = AppSession.handle_backmsg, MemoryUploadedFileManager.add_file

    def handle_allowed(self: AppSession, msg: BackMsg) -> None:
        if _is_allowed(msg):
            handle(self, msg)

    def keep_few(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        keep(self, session_id, file)
        for old in [*self.file_storage.get(session_id, ())][:-MAX_FILES]:
            self.remove_file(session_id, old)

    AppSession.handle_backmsg = handle_allowed  # type: ignore[method-assign]
    MemoryUploadedFileManager.add_file = keep_few  # type: ignore[method-assign]
    # For a request from a foreign page, Streamlit asks an internet host for our address, and blocks all others.
    net_util.get_external_ip = lambda: None


def _is_allowed(message: BackMsg) -> bool:
    if message.backend_operation_request.WhichOneof("payload") not in _OPERATIONS:
        return False
    return message.WhichOneof("type") in _ALLOWED and len(message.file_urls_request.file_names) <= MAX_FILES

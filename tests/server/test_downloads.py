"""A file that is made for a download, while a class works on the same server."""

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.sessions import visiting


def test_a_file_is_there_although_others_work_before_the_browser_asks_for_it(address: str) -> None:
    with visiting(address) as visitor, visiting(address) as other:
        elements = [message.delta.new_element for message in visitor.open("parameters", {})]
        button = next(each.download_button for each in elements if each.download_button.deferred_file_id)
        click = BackMsg()
        click.backend_operation_request.request_id = "one"
        click.backend_operation_request.session_id = visitor.session
        click.backend_operation_request.deferred_file.file_id = button.deferred_file_id
        visitor.say(click)
        answer = visitor.hear_until("backend_operation_response")[-1].backend_operation_response
        for _ in range(3):
            other.open("overview", {})
        file = requests.get(f"{address}{answer.deferred_file.url}", timeout=60)
    assert file.status_code == requests.codes.ok
    assert "filename=" in file.headers["Content-Disposition"]
    assert len(file.text.splitlines()) > 1

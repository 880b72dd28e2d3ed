from api.telemetry.request_id import draw_request_id


def test_ids_can_be_read_aloud_and_do_not_come_again() -> None:
    found = [draw_request_id() for _ in range(2_000)]
    assert len(set(found)) == len(found)
    assert {len(each) for each in found} == {22}
    assert not set("".join(found)) & set("0OIl")
    assert "".join(found).isalnum()

"""Which variables mean something."""

from cosignpy.cli.doctor.variables import ONLY_COSIGN, known_variables


def test_every_flag_has_one_and_the_list_has_more() -> None:
    assert {"COSIGN_KEY", "COSIGN_TLOG_UPLOAD", "COSIGN_PASSWORD", "TUF_ROOT", "COSIGNPY_CONTEXT"} <= known_variables()


def test_what_only_cosign_reads_is_read_by_no_flag() -> None:
    assert not ONLY_COSIGN & known_variables()

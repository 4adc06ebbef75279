import re

import numpy as np

from tests.pictures import assert_painted, decode
from viz import theme
from viz.pictures import panels
from viz.pictures.scaling import range_of


def test_a_map_is_painted_at_its_corner_with_its_scale() -> None:
    values = np.array([[-1.0, 2.0], [0.0, 4.0]], dtype=np.float32)
    html = panels.picture(values, range_of(values), "A map", corner=(0, 1))
    (uri,) = re.findall(r'src="([^"]+)"', html)
    painted = decode(uri)
    assert painted.shape[:2] == (2, 3)
    assert not painted[:, 0, 3].any()
    assert_painted(painted[:, 1:], values, -4, 4, theme.DIVERGING)
    assert "−4.000<i" in html
    assert 'alt="A map"' in html
    assert "scale" not in panels.picture(values, range_of(values), "A map", scale=False)


def test_a_table_has_every_cell_and_escapes_it() -> None:
    html = panels.tabled({"what": ["a", "b"], "how <many>": ["1", "2"]}, "Counts")
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in re.findall(r"<tr>(.*?)</tr>", html)]
    assert rows == [["what", "how &lt;many&gt;"], ["a", "1"], ["b", "2"]]
    assert 'aria-label="Counts"' in html

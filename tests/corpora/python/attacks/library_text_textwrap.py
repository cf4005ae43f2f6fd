import textwrap
data["x"].agg(textwrap.dedent("  to_clipboard"))

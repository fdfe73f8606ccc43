"""What the node looks for where it was installed is installed there. Called with the build folder."""

import json
import pathlib
import re
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
installed = json.loads(subprocess.run(["meson", "introspect", "--installed", str(build)], capture_output=True, text=True,
                                      check=True).stdout)
wanted = dict(re.findall(r'#define SEALPOST_(WEB|LIBEXEC)_DIR "(.*)"', (build / "build_config.h").read_text()))
wanted["LIBEXEC"] += "/sealpost-preview"
problems = [place for place in wanted.values() if place not in installed.values()]
print("\n".join(f"{place} is looked for and not installed" for place in problems))
sys.exit(1 if problems or len(wanted) != 2 else 0)

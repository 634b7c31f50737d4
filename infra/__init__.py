"""Infrastructure: the CDK app, and the local cloud. The package of the shared layer is at hand for both."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "layers" / "yinji"))

"""A season to look at: what a university would deliver, made up, and the people who then work through it.

python -m infra.local.season generate --graduates 600 --seed 1 --out DIR
python -m infra.local.season play --url http://127.0.0.1:8080 --graduates 600
"""

from infra.local.season.generator import Options, Season, generate

__all__ = ["Options", "Season", "generate"]

"""What a generator knows of the attributes that people gave its pictures: directions for them, and what each is worth.

found = study(Explorer.load(path), "photos.zip", datasets())
found.directions                    # learned and measured
"""

from gan_core.attributes.study import Study, study

__all__ = ["Study", "study"]

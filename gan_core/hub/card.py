"""A model's card, from the run's own records: what it is, what it was made from and how, what it cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from gan_core.config import options
from gan_core.hub.record import Record
from gan_core.hub.terms import NOT_KNOWN, licence, terms
from gan_core.runs.run_dir import MEASURED_SAMPLES
from gan_core.words import distance, duration

SAMPLES, FILM, CURVE = "samples.jpg", "morph.mp4", "curve.png"
HUB = "https://huggingface.co"
# Settings that say how much, when and where, and nothing of the recipe.
NOT_THE_RECIPE = (
    "data", "data_root", "labels", "kimg", "minutes", "tick_kimg", "eval_seconds", "save_seconds", "precision",
)  # fmt: skip
ALWAYS_TOLD = ("architecture", "latent_dim", "ngf", "ndf", "loss", "batch_size", "lr", "beta1", "beta2", "flip", "seed")
FEW_PICTURES, SMALL_SET, BY_HEART = 2000, 1000, 0.2


def model_card(record: Record, repo_id: str, files: set[str]) -> str:
    """README.md of the repo `repo_id` that holds these `files`: front matter and Markdown."""
    sections = [
        front_matter(about(record)),
        f"# {record.name}",
        what_it_is(record),
        *filter(None, [moment(record)]),
        *pictures_of_it(record, repo_id, files),
        "## Open it\n\n" + how_to_load(record, repo_id),
        "## The pictures it learned from\n\n" + table(pictures(record)),
        "## How it was made\n\n" + table(recipe(record) + hardware(record)),
        *treatments(record),
        "## How good it is\n\n" + "\n\n".join(measured(record, files)),
        "## What falls short\n\n" + "\n".join(f"- {each}" for each in limits(record)),
    ]
    return "\n\n".join(sections) + "\n"


def front_matter(values: dict) -> str:
    import yaml

    return f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}---"


def about(record: Record) -> dict:
    """What the Hub lists the model by."""
    model = record.config.model
    tags = ["gan", "dcgan", "image-generation", *(["class-conditional"] if model.classes else []), "dcgan-studio"]
    values = licence(terms(record)) | {
        "library_name": "dcgan-studio",
        "pipeline_tag": "unconditional-image-generation",
        "tags": tags,
    }
    if (data := record.config.train.data).startswith("hf:"):
        values["datasets"] = [data.removeprefix("hf:")]
    return values


def moment(record: Record) -> str:
    """Of which moment of its training the weights are, how good it was then, and whether it was ever better."""
    if not record.nimg:
        return ""
    row, best = record.measured, record.best
    if best and best["nimg"] == record.nimg:
        return (
            f"These weights are the best that were measured while it trained, {after(record.nimg)}: their distance "
            f"to the pictures is {distance(best['swd'])} (smaller is better)."
        )
    said = f"These weights are from the moment {after(record.nimg)}"
    if row:
        last = "" if row["nimg"] == record.nimg else f" when it was last measured, {after(row['nimg'])}"
        said += f"; their distance to the pictures was {distance(row['swd'])}{last} (smaller is better)"
    if best and best is not row:
        said += f". The best that was measured is not published here: {distance(best['swd'])}, {after(best['nimg'])}"
    return f"{said}."


def after(nimg: int) -> str:
    return f"after {nimg:,} training pictures"


def what_it_is(record: Record) -> str:
    model, count = record.config.model, record.data["count"]
    kind = f"{model.image_size}×{model.image_size} {'colour' if model.channels == 3 else 'grey'} pictures"
    by = "trained with DCGAN Studio" if record.nimg else "trained elsewhere and opened in DCGAN Studio"
    learned = f"{by}, on {f'{count:,} ' if count else ''}pictures called “{record.data['name']}”"
    classes = f" It draws what you ask for: {', '.join(model.classes)}." if model.classes else ""
    return (
        f"A GAN's generator of {kind} ({model.architecture}), {learned}.{classes} Every picture it makes is invented: "
        f"{model.latent_dim} random numbers go in, a picture comes out, and neighbouring numbers give similar "
        "pictures, so that one can be morphed into another."
    )


def pictures_of_it(record: Record, repo_id: str, files: set[str]) -> Iterator[str]:
    if SAMPLES in files:
        classes = record.config.model.classes
        order = "One column a class; seeds from 0 on" if classes else "Seeds from 0 on"
        yield f"![Samples of {record.name}]({SAMPLES})"
        yield f"{order}, none picked."
    if FILM in files:
        address = f"{HUB}/{repo_id}/resolve/main/{FILM}"
        yield f'<video src="{address}" controls autoplay muted loop width="256"></video>'
        yield f"[A morph]({FILM}) from picture to picture and back."


def how_to_load(record: Record, repo_id: str) -> str:
    size, channels = record.config.model.image_size, record.config.model.channels
    shape = f"[16, {size}, {size}, {channels}]"
    label = ", label=0" if record.config.model.classes else ""
    return (
        "With the folder `gan_core` on the path, from the repository of the program, DCGAN Studio (or the files "
        "of a Space that runs its whole app), and with PyTorch, safetensors and huggingface_hub:\n\n"
        "```python\n"
        "from gan_core.hub import from_pretrained\n"
        "from gan_core.latent import Point\n\n"
        f'explorer = from_pretrained("{repo_id}")\n'
        f"images = explorer.render([Point(seed{label}) for seed in range(16)])  # uint8 {shape}\n"
        "```\n\n"
        f"In the app, bring it in as `{repo_id}` to explore it with sliders."
    )


def pictures(record: Record) -> list[tuple[str, str]]:
    config, count = record.config, record.data["count"]
    rows = [("Name", record.data["name"])]
    if origin := record.data.get("origin"):
        rows.append(("Came from", origin))
    if count:
        held_out = config.train.num_held_out(count)
        rows.append(("Number", f"{count:,}" + (f", {held_out:,} of them kept out of the training" if held_out else "")))
        rows.append(("How often it saw each", f"{record.nimg / count:,.1f} times on average"))
    if config.model.classes:
        rows.append(("Classes", ", ".join(config.model.classes)))
    return [*rows, ("Terms", terms(record) or NOT_KNOWN)]


def recipe(record: Record) -> list[tuple[str, str]]:
    """The settings that always matter, and those that are not the program's usual ones."""
    config, rows = record.config, []
    if record.nimg:
        rows.append(("preset", config.preset or "–"))
    if config.parent:
        rows += beginning(config.parent, record.parent)
    for part in (config.model, *([config.train] if record.nimg else [])):
        told = (spec for spec in options(type(part)) if spec.name not in NOT_THE_RECIPE)
        values = {spec.name: (getattr(part, spec.name), spec.default) for spec in told}
        rows += [(name, str(value)) for name, (value, usual) in values.items() if name in ALWAYS_TOLD or value != usual]
    return rows if record.nimg else [*rows, ("training", "not recorded")]


def beginning(parent: str, about: dict) -> list[tuple[str, str]]:
    """Whose weights it began with, and what of its settings were others then."""
    seen, changes, new = about.get("nimg", 0), about.get("changes"), round(1 - about.get("share", 1.0), 2)
    words = f"{parent}, {after(seen)}" if seen else parent
    words += f" of “{about['pictures']}”" if seen and about.get("pictures") else ""
    words += f"; {new:.0%} of its own did not fit, and began anew" if new else ""
    return [("began with the weights of", words), *([("settings changed then", changed(changes))] if changes else [])]


def changed(settings: dict[str, list]) -> str:
    return ", ".join(f"{name} {before} → {now}" for name, (before, now) in settings.items())


def hardware(record: Record) -> list[tuple[str, str]]:
    seconds, device = record.status.seconds, record.status.device
    rows = [("pictures seen, repeats included", f"{record.nimg:,}")] if record.nimg else []
    rows += [("time", duration(seconds))] if seconds else []
    return rows + ([("hardware", device)] if device else [])


def treatments(record: Record) -> Iterator[str]:
    """What the run fell ill with on its way to this generator."""
    told = []
    for entry in record.history:
        changes, ill = changed(entry.get("changes") or {}), entry.get("headline", "it fell ill")
        told.append(
            f"- {after(entry.get('ill_at', 0)).capitalize()}: {ill}; it went on from {entry.get('nimg', 0):,}"
            f"{f' with {changes}' if changes else ''}."
        )
    if told:
        yield "## Treatments\n\nWhat went wrong while it trained, and what was done about it.\n\n" + "\n".join(told)


def measured(record: Record, files: set[str]) -> Iterator[str]:
    if CURVE in files:
        yield f"![The curve of its training]({CURVE})"
    row, count = record.measured, record.data["count"]
    if not row:
        yield "It was never measured."
        return
    n = min(MEASURED_SAMPLES, count or MEASURED_SAMPLES)
    rows = [("Distance to the pictures (SWD × 1000)", distance(row["swd"]), f"{n:,} samples against as many pictures")]
    if "swd_floor" in row:
        rows.append(
            ("The same between pictures and other pictures", distance(row["swd_floor"]), "no sample can do better")
        )
    if "diversity" in row:
        rows.append(("Diversity, in units of the pictures' own", f"{row['diversity']:.2f}", "128 pairs, MS-SSIM"))
    for name, what in {"train": "pictures it trained on", "held_out": "pictures it never saw"}.items():
        if (share := row.get(f"accuracy/{name}")) is not None:
            rows.append((f"Judged right by the discriminator, of {what}", f"{share:.0%}", "at most 500 pictures"))
    lines = ["| | | measured on |", "| --- | --- | --- |", *(f"| {' | '.join(cells)} |" for cells in rows)]
    yield f"Measured while it trained, {after(row['nimg'])}:"
    yield "\n".join(lines)
    yield (
        "The distance is the sliced Wasserstein distance between patches on a Laplacian pyramid (Karras et al. 2018), "
        "normalised by the pictures; smaller is better."
    )


def limits(record: Record) -> Iterator[str]:
    row, count, size = record.measured or {}, record.data["count"], record.config.model.image_size
    yield f"It draws {size}×{size} pixels and no more. Some seeds break; nobody has looked at all of them."
    yield "It knows its pictures and nothing else, and has what is missing or one-sided in them."
    if row:
        yield "Its distance is no FID: compare it with other moments of this run, not with figures of other programs."
        if row["swd"] > 2 * row.get("swd_floor", row["swd"]):
            ratio = row["swd"] / row["swd_floor"]
            yield f"Its samples are {ratio:.1f} times as far from the pictures as other such pictures are."
        if row.get("diversity", 1.0) < 0.9:
            yield "Its samples are less diverse than the pictures."
    gap = row.get("accuracy/train", 0.0) - row.get("accuracy/held_out", 0.0)
    if gap > BY_HEART or 0 < count < SMALL_SET:
        yield "It may have learned single pictures by heart: look for copies before you show what it draws."
    else:
        yield "Nobody has looked for copies of its pictures among all that it can draw."
    if 0 < count < FEW_PICTURES and not row:
        yield "It saw few pictures."


def table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(["| | |", "| --- | --- |", *(f"| {cell(name)} | {cell(value)} |" for name, value in rows)])


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

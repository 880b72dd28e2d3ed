"""Whether a payload was stopped where it should be, and everybody else left alone."""

import json

from tests.runtime.lives import children
from tests.security.attack import Story, ask_neighbours, attack, fine
from tests.security.ground import Ground
from tests.security.layers import Layer
from tests.security.payload import ANYTHING, Payload
from tests.security.standing import Stand


def objections(stand: Stand, payload: Payload, ground: Ground) -> list[str]:
    """Let a payload loose and tell everything that is not as it should be."""
    zygotes = children(stand.process.pid)
    story = stand.ask(lambda client: attack(client, payload, stand.mode, ground.tokens))
    found = list(_of_story(story, payload, stand))
    found += _of_world(stand, ground, story)
    try:
        stand.ask(lambda client: ask_neighbours(client, ground.secrets.of_other_tenant))
    except AssertionError as error:
        found.append(f"the functions of another tenant noticed: {error}")
    if children(stand.process.pid) != zygotes:
        found.append("the zygotes of the server are not the same")
    return found


def _of_world(stand: Stand, ground: Ground, story: Story) -> list[str]:
    found = [f"the secret {name} is in the answer" for name in ground.secrets.found_in(story.said)]
    found += ground.effects()
    if not stand.is_alive():
        found.append("the server ended")
    return found


def _of_story(story: Story, payload: Payload, stand: Stand) -> list[str]:
    found = []
    ending, expected = story.attacked, payload.expected[stand.mode]
    if ending.layer not in expected.layers or expected.says not in ending.text:
        found.append(f"{ending.layer}, not {expected}: {ending.text}")
    gives = payload.gives[stand.mode]
    if ending.layer is Layer.HARMLESS and gives is not ANYTHING:
        given = json.loads(ending.text)["out"]
        if given != gives:
            found.append(f"it gave {given!r}, not {gives!r}")
    spoilt = [end for end in story.others if end not in (fine(0), fine(2))]
    if spoilt and not story.refused and not payload.spoils_all:
        found.append(f"other records of the batch noticed: {spoilt}")
    return found

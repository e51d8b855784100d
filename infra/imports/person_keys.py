"""Person keys: an import seals personal data with the dossier key of each person. The key is on the disk before the
first event that uses the key is stored.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from infra.keys.key_store import DossierKey, KeyStore
from service_layer.event_store import PersonalParts
from service_layer.faults import ApplicationErased


class PersonKeys:
    """Makes the dossier keys for an import. The import runs in a thread, and `loop` is the event loop of the keys."""

    def __init__(self, keys: KeyStore, loop: asyncio.AbstractEventLoop) -> None:
        self._keys = keys
        self._loop = loop

    def keys_of(self, persons: Mapping[UUID, PersonalParts]) -> dict[UUID, dict[str, DossierKey]]:
        """Returns the dossier keys of the persons in each application, by role."""
        return asyncio.run_coroutine_threadsafe(self._made(persons), self._loop).result()

    async def _made(self, persons: Mapping[UUID, PersonalParts]) -> dict[UUID, dict[str, DossierKey]]:
        made = await asyncio.gather(*(self._keys_for(stream, personal) for stream, personal in persons.items()))
        return dict(zip(persons, made, strict=True))

    async def _keys_for(self, stream: UUID, personal: PersonalParts) -> dict[str, DossierKey]:
        niks = {role: person["nik"] for role, person in personal.items() if "nik" in person}
        try:
            keys = await self._keys.new_dossier_keys(stream, sorted(personal), niks)
        except ApplicationErased:  # the import was taken back, and the person was erased: the data stays erased
            return {}
        return {key.role: key for key in keys}

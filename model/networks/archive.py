"""The zip around a network file, read by hand: exactly three entries, their sizes known before a byte is unpacked.

A zip can name an entry twice, lay one over another, or list 300,000 of them, and libraries read all that. So the end
is read first, and nothing is believed that does not add up to the very last byte.
"""

import struct
import zlib
from dataclasses import dataclass

from model.graph.capture import FILES
from model.networks.limits import MAX_CHECK, MAX_DOCUMENT, MAX_HEADER, Limits, refuse

_END, _ENTRY, _LOCAL = struct.Struct("<4s4H2LH"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _FLAGS = 0x0001, 0x0806  # flags that may be set: how deflate packed, and UTF-8 names
_LINK, _KIND, _FILE = 0o120000, 0o170000, 0o100000
_RATIO = 100  # zeros can be packed 1,032 times, weights and their description hardly 30 times
_PICKLED = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"  # PyTorch's magic number as its older format begins with it
_ALLOWED = f"A network file is a zip of exactly {', '.join(FILES)}."


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a part lies and how it is packed."""

    name: str
    method: int
    checksum: int
    packed: memoryview
    size: int

    def begin(self, count: int) -> bytes:
        """Return the first bytes of the part, and no more than it says it has.

        Raises:
            NetworkError: It cannot be unpacked.
        """
        count = min(count, self.size)
        if self.method == _STORED:
            return bytes(self.packed[:count])
        try:
            return zlib.decompressobj(-15).decompress(self.packed, count)
        except zlib.error:
            refuse(f"The part '{self.name}' cannot be unpacked.", "It must be whole.")

    def read(self) -> memoryview:
        """Return the part, unpacked.

        Raises:
            NetworkError: It does not have the size or the check sum that the zip promises.
        """
        if self.method == _STORED:
            data = self.packed
        else:
            unpacker = zlib.decompressobj(-15)
            try:
                data = memoryview(unpacker.decompress(self.packed, self.size + 1))
            except zlib.error:
                refuse(f"The part '{self.name}' cannot be unpacked.", "It must be whole.")
            if not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
                refuse(f"The part '{self.name}' is longer or shorter than it says.", "Sizes must be right.")
        if len(data) != self.size:
            refuse(f"The part '{self.name}' has {len(data):,} bytes, not {self.size:,}.", "Sizes must be right.")
        if zlib.crc32(data) != self.checksum:
            refuse(f"The part '{self.name}' is damaged: its check sum differs.", "The check sum must be right.")
        return data


def read_entries(data: bytes, limits: Limits) -> dict[str, Entry]:
    """Return the three parts of a network file, still packed.

    Raises:
        NetworkError: It is no such zip, or larger than allowed.
    """
    if len(data) > limits.file:
        refuse(f"The file has {len(data):,} bytes.", f"At most {limits.file:,} are read.", "Open a smaller network.")
    _refuse_weights(data)
    start, end = _directory(data)
    entries: dict[str, Entry] = {}
    position, reached = start, 0
    view = memoryview(data)
    for _ in FILES:
        if position + _ENTRY.size > end:
            refuse("The zip's directory is cut off.", _ALLOWED)
        name, entry, position, offset, after = _entry(view, position, end, start)
        if name in entries:
            refuse(f"The zip has two entries '{name}'.", _ALLOWED)
        if offset != reached:
            refuse(f"The entry '{name}' begins at byte {offset:,}, not {reached:,}.", "Entries follow one another.")
        entries[name], reached = entry, after
    if position != end or reached != start:
        refuse("The zip holds more than its three entries.", _ALLOWED)
    _check_sizes(entries, limits)
    return entries


def _refuse_weights(data: bytes) -> None:
    """Refuse by its name what people take for a network file most often."""
    name = data[30 : 30 + int.from_bytes(data[26:28], "little")] if data.startswith(b"PK\x03\x04") else b""
    by_torch = name.endswith(b"/data.pkl") or data.startswith(_PICKLED)
    if by_torch or data[8:10] == b'{"':
        refuse(
            f"The file ({len(data):,} bytes) holds weights, as {'torch.save' if by_torch else 'safetensors'} writes.",
            "A network file also holds what is computed with them.",
            "Make one with 'save' of capture.py, or with 'glass capture net.py:Net --weights net.pt'.",
        )


def _directory(data: bytes) -> tuple[int, int]:
    """Return where the directory begins and ends."""
    end = len(data) - _END.size
    if end < 0 or not data.startswith(b"PK\x03\x04"):
        refuse(f"The file ({len(data):,} bytes) is not a zip.", _ALLOWED)
    signature, *numbers = _END.unpack_from(data, end)
    disk, directory_disk, here, in_all, size, start, comment = numbers
    if signature != b"PK\x05\x06" or comment:
        refuse("The zip's end is cut off, or has a comment.", _ALLOWED)
    if disk or directory_disk or here != len(FILES) or in_all != len(FILES):
        refuse(f"The zip has {in_all:,} entries.", _ALLOWED)
    if start + size != end:
        refuse("The zip's directory is not where its end says.", _ALLOWED)
    return start, end


def _entry(view: memoryview, position: int, end: int, directory: int) -> tuple[str, Entry, int, int, int]:
    """Return an entry of the directory: name, entry, where the next begins, and where its own data begins and ends."""
    found = _ENTRY.unpack_from(view, position)
    signature, _made, _needed, flags, method, _time, _date, checksum, packed, size = found[:10]
    name_length, extra, comment, disk, _internal, external, offset = found[10:]
    text = position + _ENTRY.size
    after = text + name_length + extra + comment
    if signature != b"PK\x01\x02" or after > end:
        refuse("The zip's directory is damaged.", _ALLOWED)
    raw = bytes(view[text : text + name_length])
    name = raw.decode("ascii", "replace")
    if name not in FILES:
        refuse(f"The zip has the entry {ascii(name)[:60]}.", _ALLOWED)
    if flags & _ENCRYPTED:
        refuse(f"The entry '{name}' is encrypted.", "Entries are readable.")
    if flags & ~_FLAGS or disk or comment:
        refuse(f"The entry '{name}' has flags {flags:#06x} or a comment.", "Entries are plain.")
    if (external >> 16) & _KIND not in {0, _FILE} or external & 0x10:
        kind = "a link" if (external >> 16) & _KIND == _LINK else "no file"
        refuse(f"The entry '{name}' is {kind}.", "Entries are files.")
    if method not in {_STORED, _DEFLATED}:
        refuse(f"The entry '{name}' is packed by method {method}.", "Methods are 0 (stored) and 8 (deflate).")
    if packed == 0xFFFFFFFF or size == 0xFFFFFFFF or offset + _LOCAL.size > directory:
        refuse(f"The entry '{name}' is too large or lies outside.", _ALLOWED)
    begin = _begin(view, offset, (flags, method, checksum, packed, size), raw)
    if begin + packed > directory:
        refuse(f"The entry '{name}' reaches into the directory.", "Sizes must be right.")
    if size > _RATIO * packed or (method == _STORED and size != packed):
        refuse(f"The entry '{name}' would grow from {packed:,} to {size:,} bytes.", "Sizes must be right.")
    entry = Entry(name, method, checksum, view[begin : begin + packed], size)
    return name, entry, after, offset, begin + packed


def _begin(view: memoryview, offset: int, expected: tuple[int, ...], raw: bytes) -> int:
    """Return where the data of an entry begins; what it says of itself must be what the directory says."""
    found = _LOCAL.unpack_from(view, offset)
    signature, _needed, flags, method, _time, _date, checksum, packed, size = found[:9]
    name_length, extra = int(found[9]), int(found[10])
    text = offset + _LOCAL.size
    name = bytes(view[text : text + name_length])
    if signature != b"PK\x03\x04" or (flags, method, checksum, packed, size) != expected or name != raw:
        refuse("An entry and the zip's directory say different things.", "They must agree.")
    return text + name_length + extra


def _check_sizes(entries: dict[str, Entry], limits: Limits) -> None:
    document, weights, check = FILES
    most = {document: MAX_DOCUMENT, weights: limits.file, check: MAX_CHECK + MAX_HEADER}
    for name, entry in entries.items():
        if entry.size > most[name]:
            refuse(
                f"The part '{name}' has {entry.size:,} bytes.",
                f"At most {most[name]:,} are read.",
                "Open a smaller network.",
            )

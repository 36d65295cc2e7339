"""What a transaction may be at the most."""

from dataclasses import dataclass

from biometric_service.vocabulary.transactions import Hold, Refusal


@dataclass(frozen=True, slots=True)
class RecordLimits:
    """``max_bytes`` and ``max_records`` of a transaction, ``max_pixels`` of an image, ``max_all_pixels`` together."""

    max_bytes: int = 64_000_000
    max_records: int = 200
    max_pixels: int = 50_000_000
    max_all_pixels: int = 200_000_000

    def of_bytes(self, data: bytes) -> Refusal | None:
        """Why so many bytes are not read; None where they are."""
        if not data:
            return Refusal.said(Hold.EMPTY, "It has no bytes.")
        if len(data) > self.max_bytes:
            return Refusal.of(Hold.TOO_MANY_BYTES, "bytes", has=len(data), most=self.max_bytes)
        return None

    def of_records(self, count: int) -> Refusal | None:
        """Why so many records are not read; None where they are."""
        if count > self.max_records:
            return Refusal.of(Hold.TOO_MANY_RECORDS, "records", has=count, most=self.max_records)
        return None

    def of_pixels(self, counts: list[int]) -> Refusal | None:
        """Why images of so many pixels are not read; None where they are."""
        if max(counts, default=0) > self.max_pixels or sum(counts) > self.max_all_pixels:
            most = {"one": self.max_pixels, "all": self.max_all_pixels}
            return Refusal.of(Hold.TOO_MANY_PIXELS, "pixels", has=sum(counts), **most)
        return None


USUAL_LIMITS = RecordLimits()

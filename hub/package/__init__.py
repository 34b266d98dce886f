"""The Lambda package, and its bill of materials."""

from hub.package.archive import LOCK, Package, PackageInvalid, package

__all__ = ["LOCK", "Package", "PackageInvalid", "package"]

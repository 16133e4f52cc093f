"""Policies of the office and of each project: read, checked, resolved, and who may do what, with the reason."""

from .errors import PolicyInvalid
from .permissions import can, check
from .phases import Lifecycle, lifecycle, local_day
from .policies import Policies, ProjectPolicy
from .store import PolicyDirectory
from .validate import validate_path

__all__ = ["Lifecycle", "Policies", "PolicyDirectory", "PolicyInvalid", "ProjectPolicy", "can", "check", "lifecycle", "local_day", "validate_path"]

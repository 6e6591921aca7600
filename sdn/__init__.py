"""A whole Kubernetes/OpenShift cluster network on one Linux machine."""

__version__ = "0.1.0"

"""Which pixels spoke for a score: Captum's methods on a private copy of the network, behind one registry."""

from model.saliency.attribution import attribute
from model.saliency.baselines import BASELINES
from model.saliency.methods import METHODS

__all__ = ["BASELINES", "METHODS", "attribute"]

"""What to try on the training page, for each of its views."""

_LIVE = (
    "Train twice and change only the seed: how much do two curves differ by chance alone?",
    "Multiply the learning rate by ten: at which step does training fail, and do the maps show it?",
    "Go back to the first step: what does the network predict before any training?",
)
_EPOCHS = (
    "Play it with a picture between two classes: when does the prediction stop changing?",
    "Choose the first convolution: which kernels hardly change after the first epoch, and which until the last?",
    "Watch the running variance of one map: does it settle before the kernels do?",
)
OF_THE_ASSIGNMENT = {
    "curves": (
        "Open “Why a peak is too optimistic”: how good is the assignment's network by the dots without the ring?",
        "Point at the chart: how many epochs before the last is each recipe as good as at the end?",
        "How high must a goal be so that chance alone does not reach it?",
    ),
    "epochs": _EPOCHS,
    "recipe": (
        "Which part do you expect to matter most? Find its line.",
        "How many more held-out images would show that two neighbouring lines differ?",
        "Why is the learning rate almost zero at the end, if the last epoch is evaluated?",
    ),
    "live": _LIVE,
}
OF_ANOTHER = {
    "curves": (
        "Where does the loss on held-out images stop falling while that in training goes on?",
        "How much do neighbouring epochs differ by chance alone?",
    ),
    "epochs": _EPOCHS,
    "recipe": ("What would you change first, and how many test images would show that it helps?",),
    "live": _LIVE,
}

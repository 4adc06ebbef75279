"""About: what this is, who it is for, where it comes from, every page, and a glossary."""

import streamlit as st

from viz.about import controls

st.title("About Glass Network")
st.write(
    "Glass Network makes small convolutional networks completely visible. Every number on screen can show the "
    "arithmetic that produced it, with the network's own numbers, and the result is checked against what the network "
    "really computed."
)
st.write(
    "It is for **students** who ask where a number comes from, for **teachers** who go through a network with a class, "
    "for **authors** of a network in PyTorch who want to check it, and for **visitors** who want to draw a digit. It "
    "needs no internet connection, no GPU and no data set."
)

st.header("Words")
controls.show_glossary()

st.header("Pages")
controls.show_pages()

st.header("The assignment")
st.write(
    "The network that the app opens with is the answer of a student, Sachin Dangayach, to an assignment of a course on "
    "deep learning in 2020 (EVA5, session 4). The task: classify the handwritten digits of MNIST with at least 99.4 % "
    "of the test images right, fewer than 20,000 parameters, fewer than 20 epochs and no fully connected layer. The "
    "answer has 10,066 parameters in 23 rows and reports 99.41 %. It was trained again "
    "for this app, and no choice was made on test images; the page Training has every result. The page Parameters "
    "compares the table that the student printed with the network, and names its mistakes."
)

st.header("Sources")
st.write(
    "The digits of **MNIST** are by Yann LeCun, Corinna Cortes and Christopher Burges, after handwriting of NIST. The "
    "included samples were drawn for this project. Saliency maps come from **Captum**, networks run in "
    "**PyTorch**, charts are drawn by **Plotly**, and pages are served by **Streamlit**. Papers that pages use:"
)
controls.show_papers()

st.header("Licence")
st.write(
    "This project does not state a licence. So ask its authors before you copy or change it. The libraries and data "
    "that it uses have licences of their own."
)

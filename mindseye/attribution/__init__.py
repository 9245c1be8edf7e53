"""Where in a photo: which of its pixels speak for a class, a unit or a facet. One method, or family of them, to a module.

- `occlusion`, `perturbation`: what happens when a part is hidden?
- `gradients`: what happens when a pixel changes a little? (saliency, integrated gradients)
- `backpropagation`: the same with another rule at the activation functions (deconvnet, guided backpropagation)
- `relevance`: how is the score itself shared out, layer by layer? (LRP)
- `cam`: where in the last maps? (CAM, Grad-CAM)
- `methods`: all of them by name, with their numbers
- `curves`, `sanity`, `checks`: does the map say anything about the network?

Every method takes a `Score` and images in [0, 1], and gives an `Explanation`.
"""

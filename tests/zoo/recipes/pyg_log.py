# /// script
# dependencies = ["torch-geometric==2.8.1", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "PyG logging.log"
# environment = "torch"
# train = "Loss"
# also = ["Train", "Val", "Test", "Train_score", "Val_score", "Test_score"]
# ///
"""A graph network on a random graph; PyTorch Geometric's own `log` prints the rows."""

import torch
from torch_geometric.logging import log
from torch_geometric.nn import GCNConv
from zoo import Truth

torch.manual_seed(0)
x, edges, y = torch.randn(80, 8), torch.randint(0, 80, (2, 300)), torch.randint(0, 3, (80,))
net = GCNConv(8, 3)
optimizer = torch.optim.Adam(net.parameters(), 0.02)
truth = Truth()
for epoch in range(1, 41):
    out = net(x, edges)
    loss = torch.nn.functional.cross_entropy(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    score = (out.argmax(1) == y).float().mean().item()
    log(Epoch=epoch, Loss=loss, Train=score, Val=score * 0.9, Test=score * 0.8)
    truth.row(epoch, Loss=loss.item())

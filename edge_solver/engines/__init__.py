"""The machines behind the ports: llama.cpp drafts, onnxruntime scores, scripted worlds stand in for both."""

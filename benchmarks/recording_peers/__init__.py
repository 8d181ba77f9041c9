"""What `arousal record` is compared with: LabRecorder, and liblsl by itself."""

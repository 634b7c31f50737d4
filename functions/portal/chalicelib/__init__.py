"""The portal's pages: how they are asked for, drawn and worded."""

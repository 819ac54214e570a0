"""The protobuf bodies that kubectl's `create` sends, read into JSON. Never: writing protobuf."""

//! What people and the service say: the JSON that statements commit to.

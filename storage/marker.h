#pragma once

#include "storage/file_system.h"
#include "storage/storage.h"

/// The file that makes a directory a store: it names the store and the disk (storage law 4). A directory that
/// holds something but no marker, or another store's marker, is a mount point without its disk or the wrong
/// disk, and is never written to.
namespace mj::storage {

struct Marker {
  std::string store;  ///< config::Store::id
  std::string uuid;
};

/// Whether a directory holds anything: our own housekeeping files without the marker, and a fresh file
/// system's lost+found, do not count.
[[nodiscard]] Result<bool> is_used(const Tree& tree);
/// A name at a store's top that is neither footage nor a stranger.
[[nodiscard]] bool is_housekeeping(const Entry& entry);

/// Errors, each with what to do: unavailable (no marker, or of another store), corrupt, denied, internal.
[[nodiscard]] Result<Marker> read_marker(const Tree& tree, const config::Store& store);
/// Makes a new, random marker durable.
[[nodiscard]] Result<Marker> write_marker(Tree& tree, const config::Store& store);

}  // namespace mj::storage

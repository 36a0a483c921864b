#include "storage/disk.h"

#include <array>

#include "storage/layout.h"

namespace mj::storage {

namespace {

/// A full store is written again when this much more than the reserve is free, so that it does not flap.
constexpr uint64_t kMaxSlack = 64ULL << 20;
constexpr uint64_t kSlackPart = 50;  // of the disk, when that is less

std::string megabytes(uint64_t bytes) {
  return fmt::format("{} MB", bytes >> 20);
}

/// A disk that takes no bytes says so only when asked to make them durable.
Result<void> probe(Tree& tree) {
  const std::string name(kProbeFile);
  if (auto old = tree.remove(name); !old && old.error().kind != ErrorKind::not_found) return old;
  MJ_TRY(const std::unique_ptr<File> file, tree.create(name));
  MJ_CHECK(write_all(*file, 0, std::array{as_bytes("probe\n")}));
  MJ_CHECK(file->sync());
  return tree.remove(name);
}

}  // namespace

void Disk::check() {
  if (tree_) {
    if (auto there = tree_->check_place(); !there) {
      mark_failed(there.error());
      return;
    }
  } else if (auto mounted = mount(); !mounted) {
    unmount();
    full_ = mounted.error().kind == ErrorKind::no_space;
    set_detail(mounted.error().message);
    return;
  }
  if (auto measured = measure(); !measured) mark_failed(measured.error());
}

void Disk::mark_failed(const Error& error) {
  unmount();
  full_ = false;
  set_detail(fmt::format(
      "{}: the store is tried again every 2 seconds; look at the disk and the kernel's log", error.message));
}

void Disk::mark_full() {
  full_ = true;
  set_detail(fmt::format("{} is full: delete something or add a store", store_.path.string()));
}

Result<void> Disk::mount() {
  auto tree = files_.open_tree(store_.path);
  if (!tree) {
    return fail(ErrorKind::unavailable, "{}: mount the disk there, or make the directory",
                tree.error().message);
  }
  MJ_TRY(lock_, identify(**tree));
  MJ_CHECK(probe(**tree));
  tree_ = std::move(*tree);
  durable_days_.clear();
  spdlog::info("store {}: {} is disk {}", store_.id, store_.path.string(), uuid_);
  return {};
}

/// Reads the marker, or makes it in an empty directory, and locks it.
Result<std::unique_ptr<File>> Disk::identify(Tree& tree) {
  MJ_TRY(const bool used, is_used(tree));
  if (!used && !uuid_.empty()) {
    return fail(ErrorKind::unavailable, "{} is empty, but disk {} was there: mount it again",
                store_.path.string(), uuid_);
  }
  MJ_TRY(const Marker marker, used ? read_marker(tree, store_) : write_marker(tree, store_));
  if (!uuid_.empty() && marker.uuid != uuid_) {
    return fail(ErrorKind::unavailable,
                "{} is disk {}, but was {}: mount that again, or restart to accept this one",
                store_.path.string(), marker.uuid, uuid_);
  }
  MJ_TRY(std::unique_ptr<File> file, tree.open(std::string(kMarkerFile), true));
  if (auto locked = file->lock(); !locked) {
    if (locked.error().kind != ErrorKind::unavailable) return tl::unexpected(locked.error());
    return fail(ErrorKind::unavailable, "{} is in use by another process: stop that first",
                store_.path.string());
  }
  uuid_ = marker.uuid;
  return file;
}

Result<void> Disk::measure() {
  MJ_TRY(space_, tree_->space());
  const auto reserve = static_cast<uint64_t>(std::max<int64_t>(store_.reserve_bytes, 0));
  const uint64_t slack = full_ ? std::min(kMaxSlack, space_.total_bytes / kSlackPart) : 0;
  full_ = space_.free_bytes < reserve + slack || space_.free_bytes == 0;
  set_detail(full_
                 ? fmt::format("{} free on {}, {} are kept in reserve: delete something or add a store",
                               megabytes(space_.free_bytes), store_.path.string(), megabytes(reserve + slack))
                 : std::string());
  return {};
}

Result<void> Disk::prepare_directory(const SegmentRef& segment) {
  const std::string day = day_directory(segment);
  if (durable_days_[segment.stream] == day) return {};
  MJ_CHECK(tree_->make_directory(segment.stream));
  MJ_CHECK(tree_->sync_directory("."));
  MJ_CHECK(tree_->make_directory(day));
  MJ_CHECK(tree_->sync_directory(segment.stream));
  durable_days_[segment.stream] = day;
  return {};
}

void Disk::unmount() {
  tree_.reset();
  lock_.reset();
}

void Disk::set_detail(std::string detail) {
  // The free space changes from check to check; the log hears of the first and of the end.
  const bool changed = full_ ? logged_ != cause() : detail != detail_;
  detail_ = std::move(detail);
  if (!changed) return;
  if (detail_.empty()) {
    spdlog::info("store {}: takes footage", store_.id);
    logged_.reset();
  } else {
    spdlog::error("store {}: not written to: {}", store_.id, detail_);
    logged_ = cause();
  }
}

}  // namespace mj::storage

#include "config/base/result.h"

#include <cerrno>
#include <cstring>
#include <system_error>

namespace mj {

const char* name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::no_space:
      return "no_space";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

namespace {

ErrorKind kind_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return ErrorKind::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::denied;
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::not_found;
    case EAGAIN:
    case EINTR:
    case EBUSY:
    case ETIMEDOUT:
    case ECONNREFUSED:
    case EADDRINUSE:
      return ErrorKind::unavailable;
    case EINVAL:
    case ENAMETOOLONG:
      return ErrorKind::invalid;
    default:
      return ErrorKind::internal;
  }
}

}  // namespace

tl::unexpected<Error> fail_errno(int error_number, std::string_view what) {
  return tl::unexpected<Error>(Error{
      kind_of(error_number), fmt::format("{}: {}", what, std::generic_category().message(error_number))});
}

}  // namespace mj

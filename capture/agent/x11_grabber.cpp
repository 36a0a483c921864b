#include "capture/agent/x11_grabber.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <X11/extensions/Xfixes.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include <algorithm>

#include "capture/agent/x_connection.h"

namespace mj::agent {

namespace {

/// The display's pixels arrive in memory that the X server and we share. Private to this account.
class SharedImage {
 public:
  SharedImage(::Display* display, int width, int height) : display_(display) {
    const int screen = DefaultScreen(display);
    image_ = XShmCreateImage(display, DefaultVisual(display, screen),
                             static_cast<unsigned>(DefaultDepth(display, screen)), ZPixmap, nullptr,
                             &segment_, static_cast<unsigned>(width), static_cast<unsigned>(height));
    if (image_ == nullptr) return;
    const std::size_t bytes = static_cast<std::size_t>(image_->bytes_per_line) * image_->height;
    segment_.shmid = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    if (segment_.shmid < 0) return;
    void* memory = shmat(segment_.shmid, nullptr, 0);
    if (memory != reinterpret_cast<void*>(-1)) {
      segment_.shmaddr = image_->data = static_cast<char*>(memory);
      XShmAttach(display, &segment_);
      XSync(display, False);  // or the segment would be gone before the server has it
    }
    shmctl(segment_.shmid, IPC_RMID, nullptr);
  }
  ~SharedImage() {
    if (image_ == nullptr) return;
    if (segment_.shmaddr != nullptr) {
      XShmDetach(display_, &segment_);
      shmdt(segment_.shmaddr);
    }
    image_->data = nullptr;
    XDestroyImage(image_);
  }
  SharedImage(const SharedImage&) = delete;
  SharedImage& operator=(const SharedImage&) = delete;

  [[nodiscard]] bool good() const { return segment_.shmaddr != nullptr; }
  [[nodiscard]] bool fits(int width, int height) const {
    return good() && is_bgrx() && image_->width == width && image_->height == height;
  }
  [[nodiscard]] bool is_bgrx() const {
    return image_->bits_per_pixel == 32 && image_->byte_order == LSBFirst && image_->red_mask == 0xFF0000 &&
           image_->green_mask == 0xFF00 && image_->blue_mask == 0xFF;
  }
  [[nodiscard]] bool fetch() const {
    return XShmGetImage(display_, DefaultRootWindow(display_), image_, 0, 0, AllPlanes) != 0;
  }
  [[nodiscard]] uint8_t* pixels() const { return reinterpret_cast<uint8_t*>(image_->data); }
  [[nodiscard]] int stride() const { return image_->bytes_per_line; }
  [[nodiscard]] int width() const { return image_->width; }
  [[nodiscard]] int height() const { return image_->height; }

 private:
  ::Display* display_;
  XShmSegmentInfo segment_{};
  XImage* image_ = nullptr;
};

/// `over` has its alpha in the highest byte and is multiplied by it already (XFixes).
void blend(uint8_t* under, unsigned long over) {
  const auto opaque = static_cast<unsigned>(over >> 24 & 0xFF);
  for (int channel = 0; channel < 3; ++channel) {
    const auto colour = static_cast<unsigned>(over >> (8 * channel) & 0xFF);
    under[channel] =
        static_cast<uint8_t>(std::min(255U, colour + (under[channel] * (255 - opaque) + 127) / 255));
  }
}

void draw_pointer(const XFixesCursorImage& pointer, const SharedImage& image) {
  const int left = pointer.x - pointer.xhot, top = pointer.y - pointer.yhot;
  for (int y = std::max(0, -top); y < pointer.height && top + y < image.height(); ++y) {
    uint8_t* row = image.pixels() + std::ptrdiff_t{image.stride()} * (top + y);
    for (int x = std::max(0, -left); x < pointer.width && left + x < image.width(); ++x) {
      blend(row + std::ptrdiff_t{4} * (left + x), pointer.pixels[y * pointer.width + x]);
    }
  }
}

}  // namespace

struct X11Grabber::Impl {
  Result<void> prepare();
  Result<void> shape();

  XConnection connection;
  const Clock& clock;
  std::unique_ptr<SharedImage> image;
  bool has_pointer = false;
};

Result<void> X11Grabber::Impl::prepare() {
  // Before the connection: an image that belongs to a broken one must go first.
  if (connection.broken()) image.reset();
  MJ_TRY(const bool anew, connection.open());
  if (anew) {
    int event_base = 0, error_base = 0;
    has_pointer = XFixesQueryExtension(connection.get(), &event_base, &error_base) != 0;
    if (XShmQueryExtension(connection.get()) == 0) {
      connection.close();
      return fail(ErrorKind::invalid, "display {} shares no memory: record it where it runs",
                  connection.name());
    }
  }
  return shape();
}

/// The segment follows the size of the desktop.
Result<void> X11Grabber::Impl::shape() {
  ::Window root = 0;
  int x = 0, y = 0;
  unsigned width = 0, height = 0, border = 0, depth = 0;
  XGetGeometry(connection.get(), DefaultRootWindow(connection.get()), &root, &x, &y, &width, &height, &border,
               &depth);
  if (connection.broken()) return tl::unexpected(connection.went_away());
  if (width == 0 || int64_t{width} * height > kMaxPixels)
    return fail(ErrorKind::invalid, "grab: {}×{} is more than {} pixels", width, height, kMaxPixels);
  if (image && image->fits(static_cast<int>(width), static_cast<int>(height))) return {};
  image = std::make_unique<SharedImage>(connection.get(), static_cast<int>(width), static_cast<int>(height));
  if (!image->good()) return fail(ErrorKind::no_space, "grab: no shared memory for {}×{}", width, height);
  if (!image->is_bgrx())
    return fail(ErrorKind::invalid, "display {} has not 24 bits of colour (depth {})", connection.name(),
                depth);
  return {};
}

X11Grabber::X11Grabber(std::string display, const Clock& clock)
    : impl_(new Impl{XConnection(std::move(display)), clock, nullptr, false}) {}

X11Grabber::~X11Grabber() = default;

Result<Picture> X11Grabber::grab() {
  Impl& x = *impl_;
  MJ_CHECK(x.prepare());
  const SteadyTime before = x.clock.steady_now();
  const bool fetched = x.image->fetch();
  using UniquePointer = std::unique_ptr<XFixesCursorImage, int (*)(void*)>;
  const UniquePointer pointer(x.has_pointer ? XFixesGetCursorImage(x.connection.get()) : nullptr, XFree);
  const SteadyTime after = x.clock.steady_now();
  if (x.connection.broken()) return tl::unexpected(x.connection.went_away());
  if (!fetched) {
    x.image.reset();
    return fail(ErrorKind::unavailable, "display {} gave no picture", x.connection.name());
  }
  if (pointer) draw_pointer(*pointer, *x.image);
  Picture picture;
  picture.pixels = x.image->pixels();
  picture.stride = x.image->stride();
  picture.width = x.image->width();
  picture.height = x.image->height();
  picture.at_error = std::chrono::duration_cast<Duration>(after - before) / 2;
  picture.taken = before + picture.at_error;
  picture.at = x.clock.now() - std::chrono::duration_cast<Duration>(x.clock.steady_now() - picture.taken);
  return picture;
}

}  // namespace mj::agent

import FileSystem
import OldMemory

/// The file system that is mounted: on the frame pool.
public typealias MountedFileSystem = FileSystem<FramePool>
